"""A Moodle that fits in a process: state and rules behind Moodle's own REST answers, over HTTP or in-process.

The parts, each of which uses only those above it:

    records, collation     what a site holds, and how its database compares texts
    capabilities           what can be taken from the token's account
    refusals, releases     Moodle's errors, and what the releases answer otherwise
    events, gradebook      what a site has done (writes, mails); items, totals and grades, and who looked first
    state                  the tables with their indexes, transactions and the JSON document
    form, schema           PHP's reading of a body, and the checks of parameters
    rules, grading         what Moodle does when people come, go and ask; grades as its reports show them
    functions/             one file for each family of web service functions
    faults, switches       what can go wrong, by name; what of it is switched on
    moods, pages           what a site's moods do to a call; the answers that are none of a web service
    wire                   bytes in, answer out
    latency                the time that a real server takes
    control, door, server  the control address; HTTP with its faults; all of it together, running
    rehearsal              the same by the words of the command line
    term                   an invented term to fill a site with
"""
