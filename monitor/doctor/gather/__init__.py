"""Where the doctor's facts come from: each module reads one part of the machine and has it judged."""
