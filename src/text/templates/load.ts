import { Type, type Static } from "@sinclair/typebox";
import { ConfigError } from "../../core/error.ts";
import { builtInTemplates } from "./built-in.ts";
import { TemplateSyntaxError } from "./jinja/compile.ts";
import { createJinjaTemplate, type JinjaOptions } from "./jinja/template.ts";
import type { Template } from "./template.ts";
import { readTemplateFile } from "./template-file.ts";

const closed = { additionalProperties: false };
const token = (description: string) => Type.Optional(Type.String({ maxLength: 256, description }));

const tokens = {
  bos_token: token("What the template knows as bos_token; by default what tokenizer_config.json says."),
  eos_token: token("What the template knows as eos_token; it also ends answers."),
  add_bos: Type.Optional(
    Type.Boolean({
      description:
        "Leave bos_token at the beginning of the prompt; tokenizers of most servers write one themselves.",
      default: false,
    }),
  ),
};

const builtInNames = Object.keys(builtInTemplates).filter(isBuiltIn);

/** A model's chat template in the configuration. */
export const TemplateSetting = Type.Union(
  [
    ...builtInNames.map((name) => Type.Literal(name)),
    Type.Object(
      {
        file: Type.String({
          minLength: 1,
          maxLength: 4_096,
          description: "Path of the model's tokenizer_config.json, or of its chat_template.jinja.",
        }),
        ...tokens,
      },
      closed,
    ),
    Type.Object(
      {
        inline: Type.String({ maxLength: 1_048_576, description: "The template itself, in Jinja." }),
        ...tokens,
      },
      closed,
    ),
  ],
  { description: "How the model sees a conversation; by default chosen by the model's name." },
);
export type TemplateSetting = Static<typeof TemplateSetting>;

/**
 * The template that the setting at `path` of the configuration asks for. Throws `ConfigError`, which names `path`, and
 * the file and the line at fault.
 */
export function loadTemplate(setting: TemplateSetting, path: string): Template {
  if (typeof setting === "string") return builtInTemplates[setting];
  const { bos_token: bosToken, eos_token: eosToken, add_bos: addBos } = setting;
  const own = {
    ...(bosToken === undefined ? {} : { bosToken }),
    ...(eosToken === undefined ? {} : { eosToken }),
    ...(addBos === undefined ? {} : { addBos }),
  };
  if ("inline" in setting) {
    return create({ name: "inline", source: setting.inline, ...own }, `${path}.inline`);
  }
  const place = `${path}.file`;
  const { source, toolSource, tokens: fileTokens } = readTemplateFile(setting.file, place);
  const options = { name: setting.file, ...fileTokens, ...own };
  const where = `${place}: ${setting.file}`;
  const template = create({ ...options, source }, where);
  return toolSource === undefined
    ? template
    : withToolTemplate(template, create({ ...options, source: toolSource }, where));
}

function isBuiltIn(name: string): name is keyof typeof builtInTemplates {
  return Object.hasOwn(builtInTemplates, name);
}

function create(options: JinjaOptions, place: string): Template {
  try {
    return createJinjaTemplate(options);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    throw new ConfigError(`${place}: is not a chat template that can be read, ${error.message}.`, {
      cause: error,
    });
  }
}

/** Some models have a template of its own for conversations with tools. */
function withToolTemplate(template: Template, forTools: Template): Template {
  return {
    ...template,
    ...forTools,
    stop: [...new Set([...template.stop, ...forTools.stop])],
    variables: template.variables.union(forTools.variables),
    render: (conversation, signal) =>
      (conversation.tools.length === 0 ? template : forTools).render(conversation, signal),
  };
}
