/** Preloaded into `openapi-typescript`, which needs the compiler's older interface: `typescript` is version 5 there. */
import { plugin } from "bun";
import * as typescript from "typescript-5";

plugin({
  name: "typescript-5",
  setup(build) {
    build.module("typescript", () => ({ exports: { default: typescript, ...typescript }, loader: "object" }));
  },
});
