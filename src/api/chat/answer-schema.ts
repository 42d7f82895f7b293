import { Type } from "@sinclair/typebox";
import { nullable, words } from "../../http/schema.ts";
import { UsageSchema } from "../common/fields.ts";

const extensions = {
  conversation_id: Type.Optional(
    Type.String({ description: "Extension: the conversation; in a stream on the first and the last chunk." }),
  ),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        "Extension: what an agent tells of its work, such as `agents_used`; in a stream on the last chunk.",
    }),
  ),
};

const FinishReasonField = words("stop", "length", "tool_calls", "content_filter", "function_call");
const TokenLogprobField = Type.Object(
  {
    token: Type.String(),
    logprob: Type.Number(),
    bytes: nullable(Type.Array(Type.Integer(), { description: "The token in UTF-8." })),
  },
  { title: "TokenLogprob" },
);
const LogprobsField = nullable(
  Type.Object(
    {
      content: nullable(
        Type.Array(
          Type.Composite([TokenLogprobField, Type.Object({ top_logprobs: Type.Array(TokenLogprobField) })], {
            title: "ReportedLogprob",
          }),
        ),
      ),
      refusal: nullable(Type.Array(Type.Unknown())),
    },
    { title: "Logprobs" },
  ),
);
const CalledFunction = Type.Object(
  { name: Type.String(), arguments: Type.String({ description: "JSON text, as the model wrote it." }) },
  { title: "FunctionCall" },
);
const CalledFunctionPart = Type.Partial(CalledFunction, { title: "FunctionCallDelta" });
const AnsweredToolCall = Type.Union(
  [
    Type.Object(
      { id: Type.String(), type: Type.Literal("function"), function: CalledFunction },
      { title: "FunctionToolCall" },
    ),
    Type.Object(
      {
        id: Type.String(),
        type: Type.Literal("custom"),
        custom: Type.Object({ name: Type.String(), input: Type.String() }),
      },
      { title: "CustomToolCall" },
    ),
  ],
  { title: "ToolCall" },
);

export const ChatCompletion = Type.Object({
  id: Type.String(),
  object: Type.Literal("chat.completion"),
  created: Type.Integer({ description: "Unix seconds." }),
  model: Type.String(),
  choices: Type.Array(
    Type.Object(
      {
        index: Type.Integer(),
        message: Type.Object(
          {
            role: Type.Literal("assistant"),
            content: nullable(Type.String()),
            refusal: nullable(Type.String()),
            annotations: Type.Array(Type.Unknown()),
            reasoning_content: Type.Optional(
              Type.String({ description: "What the model thought first, if it tells." }),
            ),
            tool_calls: Type.Optional(Type.Array(AnsweredToolCall)),
            function_call: Type.Optional(CalledFunction),
          },
          { title: "AnsweredMessage" },
        ),
        logprobs: LogprobsField,
        finish_reason: FinishReasonField,
      },
      { title: "ChatChoice" },
    ),
  ),
  usage: UsageSchema,
  service_tier: Type.String(),
  system_fingerprint: nullable(Type.String()),
  ...extensions,
});

export const ChatCompletionChunk = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal("chat.completion.chunk"),
    created: Type.Integer(),
    model: Type.String(),
    choices: Type.Array(
      Type.Object(
        {
          index: Type.Integer(),
          delta: Type.Object(
            {
              role: Type.Optional(Type.Literal("assistant")),
              content: Type.Optional(nullable(Type.String())),
              refusal: Type.Optional(nullable(Type.String())),
              reasoning_content: Type.Optional(Type.String()),
              tool_calls: Type.Optional(
                Type.Array(
                  Type.Object(
                    {
                      index: Type.Integer(),
                      id: Type.Optional(Type.String()),
                      type: Type.Optional(words("function", "custom")),
                      function: Type.Optional(CalledFunctionPart),
                      custom: Type.Optional(
                        Type.Object({
                          name: Type.Optional(Type.String()),
                          input: Type.Optional(Type.String()),
                        }),
                      ),
                    },
                    { title: "ToolCallDelta" },
                  ),
                ),
              ),
              function_call: Type.Optional(CalledFunctionPart),
            },
            { title: "ChatDelta" },
          ),
          logprobs: LogprobsField,
          finish_reason: nullable(FinishReasonField),
        },
        { title: "ChatChunkChoice" },
      ),
    ),
    usage: Type.Optional(nullable(UsageSchema)),
    service_tier: Type.String(),
    system_fingerprint: nullable(Type.String()),
    ...extensions,
  },
  { description: "One `data:` line of a streamed answer; the last line is `data: [DONE]`." },
);
