"""What can be wrong with a row as the file has it, and what a person should know of a file."""

from __future__ import annotations

from collections.abc import Mapping

from rostersync.problems.kinds import ProblemKind, ignores, notes, rejects

IN_FILES: Mapping[str, ProblemKind] = {
    "row_blank": ignores("the row is blank"),
    "title_row": ignores("“{detail}” is a title, no enrolment"),
    "header_row": ignores("the row repeats the header"),
    "totals_row": ignores("“{detail}” is a total, no enrolment"),
    "footer_row": ignores("“{detail}” ends a page or the report, no enrolment"),
    "hidden_row": ignores("the row is hidden in the workbook, and hidden rows are left out (--hidden skip)"),
    "waiting_list": ignores("“{value}” is pending, or a waiting list: it enrols nobody yet, and takes nobody out"),
    "heading_row": ignores("“{detail}” is a heading, no enrolment"),
    "heading_unclear": rejects(
        "the row stands below the heading “{detail}”: whether the people there are enrolled cannot be told",
        "delete the heading if they are, or the rows if they are not",
    ),
    "not_taking_part": ignores("“{value}” says that this person does not take part, or no longer: it enrols nobody"),
    "status_ignored": ignores("status_words in the settings or in the preset leave “{value}” out"),
    "user_blank": rejects("the user's key is blank", "fill in column “{column}”, or delete the row"),
    "course_blank": rejects("the course's key is blank", "fill in column “{column}”, or delete the row"),
    "role_blank": rejects("the role is blank", "fill in column “{column}”, or say --default-role student"),
    "role_unknown": rejects(
        "“{value}” is no role that rostersync knows{detail}",
        'say which role it is: --role-word "{value}=ROLE", with student, teacher or editingteacher for ROLE (setting '
        "role_words)",
    ),
    "role_digits": rejects(
        "“{value}” is a number, which means another role in every system",
        'say what it means, like --role-word "{value}=student"; or, where the column holds role ids of this Moodle, '
        '--map "{column}=role_id"',
    ),
    "role_ambiguous": rejects(
        "“{value}” can mean the editing or the non-editing teacher",
        "say once which: --teacher-means editingteacher (or teacher)",
    ),
    "role_not_allowed": rejects(
        "the role “{detail}” may not be given by a roster",
        "add it to assignable_roles in the settings, if it really may",
    ),
    "action_unknown": rejects("“{value}” is no action", "write add, remove or suspend"),
    "status_unknown": rejects(
        "“{value}” in column “{column}” could mean several things",
        'say once what it means: --status-word "{value}=absent" if who has it does not take part, or no longer; '
        '--status-word "{value}=active" if they do (or suspended, removed, waiting, ignored)',
    ),
    "status_blank": rejects(
        "the status is blank, while other rows say who is enrolled and who has left or waits",
        'fill in column “{column}”; or say once what a blank means: --status-word "=active" (or absent, waiting)',
    ),
    "date_bad": rejects("“{value}” is no date{detail}", "write it as 2026-09-30"),
    "date_unclear": rejects(
        "“{value}” can be more than one date{detail}",
        "say how the file's dates are meant: --date-order dmy (day first), mdy (month first) or ymd (year first)",
    ),
    "date_unlikely": rejects(
        "the date “{value}” can hardly be meant{detail}", "write it as 2026-09-30, or leave it out"
    ),
    "dates_reversed": rejects("the end ({detail}) is not after the start", "correct one of them"),
    "row_length": rejects(
        "fields in the row: {value}, in the header: {detail}",
        "look for a delimiter inside a value (it needs quotes) or for a missing one",
    ),
    "quote_open": rejects(
        "a quotation mark is not closed: a value runs on (line breaks: {value}) and takes other rows with it",
        "close the quotation mark; inside a quoted value, double it",
    ),
    "row_cut": rejects("the file breaks off in this row", "export the file again"),
    "cell_error": rejects("the cell holds the error {value}", "repair the formula, or type the value"),
    "cell_unvalued": rejects(
        "the cell holds a {value}: the program that wrote the workbook did not calculate it",
        "open the workbook in Excel or LibreOffice and save it again",
    ),
    "filtered": ignores("a filter of the preset takes the row out: {detail}"),
    "filter_error": rejects(
        "{detail}, and a filter of the preset asks for this column: whether the row counts cannot be told",
        "repair the cell, or type its value",
    ),
    "no_course": ignores("the row names no course: it is about an account, and states no enrolment"),
    "account_only": ignores("“{detail}” is about an account, and states no enrolment"),
    "batch_fields": rejects(
        "{detail}: there is no such form of a batch's line",
        "write ENROLL,username,role,code or UNENROLL,username,code; an Org Defined ID may stand behind the username",
    ),
    "not_delta": ignores(
        "the row says “{detail}”, but nothing says that these files list changes: nobody is removed",
        "say --mode explicit if the rows are changes",
    ),
    "add_only": ignores(
        "the file only adds, and the row says “{value}”: nobody is removed or suspended by it",
        "say --mode explicit if the rows say what is to be done",
    ),
    "user_not_in_files": rejects(
        "the row's user is not in {detail}", "export the files again, all at the same time, or correct the row"
    ),
    "course_not_in_files": rejects(
        "the row's class, course or section is not in {detail}",
        "export the files again, all at the same time, or correct the row",
    ),
    "role_by_number": rejects(
        "the role is “{detail}” in column “role_id”, a number of Canvas's own: in Moodle it is another role's",
        'fill in column “role”; or say --map “role_id=role”, and role_words = {{ "{detail}" = "student" }} in the '
        "settings (or teacher, editingteacher)",
    ),
    "record_torn": rejects(
        "{detail} stands there more than once, with different contents", "leave the record that is right"
    ),
    "record_deleted": rejects(
        "{detail} is to be deleted, but the enrolment is not",
        "mark the enrolment as deleted, too, or correct the other record",
    ),
    "account_deleted": rejects(
        "the row asks Moodle to delete the account, which a roster cannot do",
        "delete the account in Moodle; then leave the row out",
    ),
    "account_renamed": rejects(
        "the row gives its account another username: which of the two Moodle knows now is not certain",
        "rename the account in Moodle; then empty the column oldusername",
    ),
    "row_twice": ignores("the row says the same as row {detail}"),
    # worth knowing
    "key_undecided": notes("the column “{column}” will be decided by looking its values up in Moodle"),
    "key_second": notes(
        "the column “{column}” counts only where “{value}” is blank: whether both mean the same is not compared",
        'if “{column}” is what counts, say --map "{value}=ignore"',
    ),
    "role_defaulted": notes("{detail} without a role: “{value}” is taken"),
    "terms_mixed": notes(
        "the column “{column}” names several terms: {detail}; rows of all of them count",
        "if they are not to, leave the others out with a preset, which says under [keep]: \"{column}\" = '{value}'",
    ),
    "yes_no_unused": notes(
        "the column “{column}” is not used; it says {detail}",
        'if it says who takes part, say --map "{column}=taking_part" (or left, waiting); else --map "{column}=ignore"',
    ),
    "remark_left": notes(
        "“{value}” may say that the person has left; the row is read as it stands",
        'delete the row if it does; if the column says nothing of this kind, say --map "{column}=ignore"',
    ),
    "row_struck": notes(
        "“{value}” is struck through; the row is read as it stands",
        "delete the row if it is no enrolment any more; else take the line off",
    ),
    "column_ignored": notes("the column “{column}” is not used"),
    "column_offered": notes(
        "the column “{column}” could be {detail}, which is not certain: it is not used",
        'say what it is: --map "{column}={value}"',
    ),
    "column_alike": notes(
        "the column “{column}” looks like {detail}, which is not certain: it is not used",
        'if that is what it is, say --map "{column}={value}"',
    ),
    "column_contradicts": notes(
        "the column “{column}” may not be what its header says: {detail}",
        'look at it; say what it is with --map "{column}=FIELD", or leave it out with --map "{column}=ignore"',
    ),
}
"""Codes that are found without asking Moodle."""
