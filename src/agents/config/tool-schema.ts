import { Kind, Type, type Static, type TSchema } from "@sinclair/typebox";
import { describeDurations, formatSize } from "../../core/quantity.ts";

const closed = { additionalProperties: false };

const headers = Type.Record(
  Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$" }),
  Type.String({ maxLength: 8_192, pattern: "^[\\x20-\\x7e\\t]*$", expected: "visible ASCII characters" }),
  { ...closed, maxProperties: 64, expectedKey: "the name of a header" },
);

/** Names, addresses, and `*.` before a name; a port where only that one is meant. */
const host = "([A-Za-z0-9-]{1,63}(\\.[A-Za-z0-9-]{1,63}){0,31}|\\[[0-9A-Fa-f:.]{2,64}\\])(:[0-9]{1,5})?";
const expectedHost = "a host such as api.example, *.example, api.example:8443 or [2001:db8::1]";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** How `http_request` may go out. Without hosts it answers every call with what the operator has to allow. */
export const HttpRequestFile = Type.Object(
  {
    allow_hosts: Type.Optional(
      Type.Array(
        Type.String({ pattern: `^(\\*|(\\*\\.)?${host})$`, expected: `${expectedHost}, or * for all` }),
        {
          maxItems: 1_000,
          default: [],
          description:
            "Hosts that may be called, of which only public addresses are; `*.example` is every name below, `*` every host.",
        },
      ),
    ),
    allow_private_hosts: Type.Optional(
      Type.Array(Type.String({ pattern: `^${host}$`, expected: expectedHost }), {
        maxItems: 1_000,
        default: [],
        description:
          "Hosts that may be called wherever they are, on this machine and in private networks too.",
      }),
    ),
    methods: Type.Optional(
      Type.Array(
        Type.String({ pattern: `^(${methods.join("|")})$`, expected: `one of ${methods.join(", ")}` }),
        {
          minItems: 1,
          maxItems: methods.length,
          default: ["GET", "HEAD", "POST"],
          description: "Methods that may be used.",
        },
      ),
    ),
    headers: Type.Optional(
      Type.Unsafe<Static<typeof headers>>({
        ...headers,
        description: "Sent with every call, to every host; instead of what the model gives.",
      }),
    ),
    host_headers: Type.Optional(
      Type.Record(Type.String({ pattern: `^${host}$` }), headers, {
        ...closed,
        maxProperties: 1_000,
        expectedKey: expectedHost,
        description: "Headers by the host that they are for, such as its key.",
      }),
    ),
    max_bytes: size({
      default: "1MiB",
      minimum: 1_024,
      maximum: 67_108_864,
      description: "How much of an answer is read; the rest is cut.",
    }),
    timeout: duration({
      default: "20s",
      minimum: 100,
      maximum: 3_600_000,
      description: "Longest call, redirects included.",
    }),
  },
  { ...closed, description: "The tool http_request: calls web addresses." },
);
export type HttpRequestFile = Static<typeof HttpRequestFile>;

/** What `file_read` may read. Without a folder it answers every call with what the operator has to set. */
export const FileReadFile = Type.Object(
  {
    root: Type.String({
      minLength: 1,
      maxLength: 4_096,
      expected: "a folder",
      description:
        "The folder whose files may be read, with all that is in it except links; a relative one lies beside this file.",
    }),
    max_bytes: size({
      default: "1MiB",
      minimum: 1_024,
      maximum: 67_108_864,
      description: "Most that one call reads.",
    }),
  },
  { ...closed, description: "The tool file_read: reads text files of one folder." },
);
export type FileReadFile = Static<typeof FileReadFile>;

/** The section `tools`: built-in tools that need to be told something. */
export const ToolsFile = Type.Object(
  {
    http_request: Type.Optional(HttpRequestFile),
    file_read: Type.Optional(FileReadFile),
  },
  { ...closed, default: {}, description: "Settings of built-in tools." },
);
export type ToolsFile = Static<typeof ToolsFile>;

const timeout = Type.Optional(
  duration({
    default: "60s",
    minimum: 100,
    maximum: 3_600_000,
    description: "Longest call of one of its tools.",
  }),
);

const StdioServerFile = Type.Object(
  {
    command: Type.String({
      minLength: 1,
      maxLength: 4_096,
      description: "The program that is the server: its name, or its path from the folder of this file.",
    }),
    args: Type.Optional(
      Type.Array(Type.String({ maxLength: 65_536 }), { maxItems: 1_000, description: "Its arguments." }),
    ),
    env: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]{0,255}$" }),
        Type.String({ maxLength: 131_072 }),
        {
          ...closed,
          maxProperties: 1_000,
          expectedKey: "the name of a variable",
          description: "Variables that it gets besides PATH, HOME and the like.",
        },
      ),
    ),
    cwd: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4_096,
        description: "Folder that it is started in; that of this file unless told.",
      }),
    ),
    timeout,
  },
  closed,
);

const HttpServerFile = Type.Object(
  {
    url: Type.String({
      pattern: "^https?://[^\\s@]{1,2000}$",
      expected: "an address such as https://mcp.example/mcp",
      description: "Address of the server, which speaks streamable HTTP.",
    }),
    headers: Type.Optional(
      Type.Unsafe<Static<typeof headers>>({ ...headers, description: "Sent with every call." }),
    ),
    timeout,
  },
  closed,
);

/** The section `mcp_servers`: where tools come from that are not built in. */
export const McpServersFile = Type.Record(
  Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$" }),
  Type.Union([StdioServerFile, HttpServerFile], {
    expected: "a server with a command or a url, and not both",
  }),
  {
    ...closed,
    maxProperties: 256,
    default: {},
    expectedKey: "letters, digits, underscores and dashes, at most 32",
    description: "MCP servers by a name of your choice, under which agents get all their tools.",
  },
);
export type McpServersFile = Static<typeof McpServersFile>;
export type McpServerFile = McpServersFile[string];

interface Bounds {
  /** As it would be written in the file. */
  default: string;
  /** Both in milliseconds or bytes. */
  minimum: number;
  maximum: number;
  description: string;
}

/** In the form that the configuration's own durations have, which is checked there. */
function duration(bounds: Bounds) {
  return quantity("Duration", bounds, describeDurations(bounds.minimum, bounds.maximum));
}

function size(bounds: Bounds) {
  const range = `from ${formatSize(bounds.minimum)} to ${formatSize(bounds.maximum)}`;
  return quantity("Size", bounds, `a size ${range}, such as 32MiB or 10MB`);
}

function quantity(kind: "Duration" | "Size", bounds: Bounds, expected: string) {
  const schema: TSchema & Record<string, unknown> = Type.Unsafe<string | number>({
    [Kind]: kind,
    type: ["string", "number"],
    default: bounds.default,
    description: bounds.description,
    expected,
    "x-minimum": bounds.minimum,
    "x-maximum": bounds.maximum,
  });
  return Type.Optional(Type.Unsafe<string | number>(schema));
}
