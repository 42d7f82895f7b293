/**
 * Entry point of a thread that ends its process once the server is gone, whatever else the process is doing: an agent
 * that never gives the event loop back would not hear of it.
 */
const lookMs = 500;
const parent = process.ppid;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}, lookMs);
