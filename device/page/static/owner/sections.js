// The sections of the owner's view, in order: each is a module of that name beside this one, and a file of words.

export const SECTIONS = [
  "steps",
  "settings",
  "profiles",
  "transcripts",
  "conversation",
  "costs",
  "timers",
  "wifi",
  "doctor",
  "log",
  "device",
];
