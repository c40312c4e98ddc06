// The sections of the owner's view, in order: each is a module of that name beside this one, and a file of words.

export const SECTIONS = [
  "settings",
  "profiles",
  "steps",
  "transcripts",
  "conversation",
  "costs",
  "timers",
  "doctor",
  "log",
  "device",
];
