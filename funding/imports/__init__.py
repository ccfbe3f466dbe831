"""Reading other people's files: grants made, commitments and proposals, from CSV, XLSX and JSON.

Nothing here knows the database. `preview.read_records` turns a file into records and faults;
`preview.preview` says what an import would do. Nothing of a faulty file is stored unless the
caller decides so: records always come with the whole list of faults.
"""
