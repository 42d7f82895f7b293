import { isRecord } from "../../core/json.ts";
import type { AgentTool } from "../kit/tool.ts";

/** What day and time it is, anywhere. `now` is the clock. */
export function createCurrentTime(now: () => Date): AgentTool {
  return {
    name: "current_time",
    description: "The current date and time.",
    parameters: {
      type: "object",
      properties: {
        timezone: {
          type: "string",
          description: "Such as Europe/Berlin or America/New_York; UTC unless told.",
        },
      },
      additionalProperties: false,
    },
    execute(args) {
      const timezone = isRecord(args) ? args["timezone"] : undefined;
      return at(now(), typeof timezone === "string" && timezone !== "" ? timezone : "UTC");
    },
  };
}

function at(instant: Date, timezone: string) {
  const { hour, minute, second, ...parts } = partsOf(instant, timezone);
  // `GMT` alone, or with the offset: `GMT+05:30`.
  const offset = parts["timeZoneName"]?.slice(3) ?? "";
  const date = `${parts["year"]}-${parts["month"]}-${parts["day"]}`;
  return {
    time: `${date}T${hour}:${minute}:${second}${offset === "" ? "+00:00" : offset}`,
    weekday: parts["weekday"],
    timezone,
    unix: Math.floor(instant.getTime() / 1_000),
  };
}

function partsOf(instant: Date, timezone: string): Readonly<Record<string, string>> {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { ...fields, timeZone: timezone });
  } catch (error) {
    throw new Error("That timezone is not known. Such are Europe/Berlin, America/New_York, UTC and +02:00.", {
      cause: error,
    });
  }
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
}

const fields = {
  calendar: "iso8601",
  numberingSystem: "latn",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  weekday: "long",
  timeZoneName: "longOffset",
} as const;
