/** Runs before every test file: a property is tried on more inputs when the run may take its time. */
import { configureGlobal } from "fast-check";
import { extent } from "./long.ts";

configureGlobal({ numRuns: extent(100, 5_000) });
