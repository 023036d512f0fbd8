"""A Moodle that fits in a process: state and rules behind Moodle's own REST answers, over HTTP or in-process.

The parts, each of which uses only those above it:

    records, collation     what a site holds, and how its database compares texts
    state                  the tables with their indexes, transactions and the JSON document
    rules                  what Moodle does when people come, go and ask
    refusals, form, schema PHP's reading of a body, and the checks of parameters
    functions/             one file for each family of web service functions
    wire, server           bytes in, answer out; the same over HTTP
    term                   an invented term to fill a site with
"""
