#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_json_schema.py SCHEMA PROGRAM: every line PROGRAM prints is valid, and the schema is tight.

Tight: adding an undocumented field to any object, or removing a line's type, makes it invalid, and
every field and type the schema documents occurs in some line.
"""
import copy
import json
import subprocess
import sys

import jsonschema


def objects_in(value):
    """Yields value and every object below it."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from objects_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from objects_in(part)


# Objects whose keys are an open set: deviations by id.
OPEN_OBJECTS = {"deviations"}
# Printed by `doctor`, and by `demo`, whose lines kernel.demo holds against the schema.
PRINTED_ELSEWHERE = {"doctor", "counters", "counters_summary", "demo_scenario", "demo_listing"}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    output = subprocess.run([sys.argv[2]], check=True, capture_output=True).stdout
    lines = [json.loads(line) for line in output.decode("utf-8").splitlines()]
    failures = []
    seen_types, seen_fields = set(), set()
    for line in lines:
        seen_types.add(line["type"])
        seen_fields |= {(line["type"], field) for field in line}
        failures += [f"{line['type']}: {error.message}" for error in validator.iter_errors(line)]
        for number in range(sum(1 for _ in objects_in(line))):
            spoiled = copy.deepcopy(line)
            list(objects_in(spoiled))[number]["undocumented"] = 1
            if validator.is_valid(spoiled):
                failures.append(f"{line['type']}: object {number} accepts an undocumented field")
    for variant in schema["oneOf"]:
        definition = schema["definitions"][variant["$ref"].rsplit("/", 1)[1]]
        name = definition["properties"]["type"]["const"]
        if name in PRINTED_ELSEWHERE:
            continue
        for field in definition["properties"]:
            if (name, field) not in seen_fields:
                failures.append(f"{name}: documented field '{field}' was never printed")
    if failures or not lines:
        print("\n".join(dict.fromkeys(failures)) or "nothing was printed")
        return 1
    print(f"{len(lines)} lines of types {', '.join(sorted(seen_types))} are valid")
    return 0


if __name__ == "__main__":
    sys.exit(main())
