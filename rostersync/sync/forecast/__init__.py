"""Tell beforehand what a plan would cost: lost grades and groups, mails."""
