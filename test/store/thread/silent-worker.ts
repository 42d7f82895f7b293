/** A thread that says nothing, or ends when it is asked something. */
declare const self: Worker;

self.addEventListener("message", ({ data }: MessageEvent<readonly unknown[]>) => {
  if (data[0] === "open" && data[1] === "ends") throw new Error("This thread does not work.");
});
