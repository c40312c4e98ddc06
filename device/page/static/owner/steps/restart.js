// Start the assistant anew, and wait until it is there again.

export function restarted(door, restart, signal) {
  const back = new Promise((resolve) => {
    let gone = false;
    door.listen((event) => {
      if (event.type === "gone") gone = true;
      else if (event.type === "snapshot" && gone) resolve(event);
    }, signal);
  });
  return restart().then(() => back);
}
