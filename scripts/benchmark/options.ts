import { join } from "node:path";
import { parseArgs } from "node:util";

/** oai-serve beside other servers; in front of each kind of model server; with models of several kinds; with agents; in each protocol. */
export type Part = "servers" | "dialects" | "models" | "agents" | "surfaces";

const allParts: readonly Part[] = ["servers", "dialects", "models", "agents", "surfaces"];

export interface Options {
  parts: readonly Part[];
  /** Measured with a copy, so that a build meanwhile does not matter. */
  binary: string;
  json: string | undefined;
  write: boolean;
  /** A smoke run: everything once and briefly, figures worth little. */
  quick: boolean;
  pythonStack: boolean;
  rounds: number;
  /** Of one measurement, after a warm-up of a third of it. */
  seconds: number;
  coldStarts: number;
  /** Numbers of open streams whose memory is measured. */
  openStreams: readonly number[];
}

export const usage = `Usage: scripts/bench [options]

Measures dist/oai-serve in front of a mock model server, beside the same gRPC calls made directly and a bare
Bun.serve, and prints a table. Takes about twenty minutes; leave the machine alone meanwhile.

  --seed-stack      also measure FastAPI + uvicorn + grpcio, installed into .tools/bench-venv
  --only PART       only servers, dialects, models, agents or surfaces; may be given again
  --rounds N        rounds over everything (default: 5)
  --seconds N       length of one measurement (default: 3)
  --binary FILE     another executable than dist/oai-serve
  --json FILE       write the raw results
  --write           put the tables into docs/benchmarks.md
  --quick           a short run that only shows that everything works
`;

/** Throws when the command line is wrong. */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      binary: { type: "string" },
      json: { type: "string" },
      write: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      "seed-stack": { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      rounds: { type: "string" },
      seconds: { type: "string" },
    },
  });
  if (values.help) return "help";
  const { quick } = values;
  return {
    parts: values.only === undefined ? allParts : partsOf(values.only),
    binary: values.binary ?? join(import.meta.dir, "../../dist/oai-serve"),
    json: values.json,
    write: values.write,
    quick,
    pythonStack: values["seed-stack"],
    rounds: positive("--rounds", values.rounds, quick ? 1 : 5),
    seconds: positive("--seconds", values.seconds, quick ? 0.2 : 3),
    coldStarts: quick ? 3 : 15,
    openStreams: quick ? [64] : [256, 1_000],
  };
}

function partsOf(names: readonly string[]): readonly Part[] {
  const parts = allParts.filter((part) => names.includes(part));
  if (parts.length !== new Set(names).size) throw new Error(`--only must be one of ${allParts.join(", ")}.`);
  return parts;
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0.`);
  return value;
}
