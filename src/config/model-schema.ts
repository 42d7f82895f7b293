import { Type, type Static, type TObject, type TSchema } from "@sinclair/typebox";
import { presetKeys } from "./preset-schema.ts";

/** The part of the driver table that describes configuration. */
export type DriverSchemas = Readonly<Record<string, { configSchema: TSchema; modelSchema?: TObject }>>;

export const publicId = "^[^\\s\\x00-\\x1f\\x7f]{1,256}$";
export const publicIdForm = "1 to 256 characters without spaces";
/** What the name of a backend is made of. */
export const identifier = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

const closed = { additionalProperties: false };

/** What every model may have; all other keys belong to its backend's driver. */
const CommonKeys = Type.Object(
  {
    backend: Type.String({
      pattern: identifier,
      expected: "the name of a backend",
      description: "Name of the backend that has the model.",
    }),
    target: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: "The backend's own name for the model." }),
    ),
    aliases: Type.Optional(
      Type.Array(publicModelId("Another public id."), { maxItems: 100, description: "Other public ids." }),
    ),
    token_model: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: "Model whose tokenizer counts tokens." }),
    ),
    max_context_tokens: Type.Optional(contextTokens("Context size of this model.")),
    ...presetKeys,
  },
  closed,
);
export type ModelFile = Static<typeof CommonKeys>;

/** One model under `models`: what all have, and the settings of every driver. */
export function createModelSchema(drivers: DriverSchemas) {
  const settings = Object.values(drivers).map(({ modelSchema }) => modelSchema?.properties);
  return Type.Unsafe<ModelFile>(
    Type.Object({ ...CommonKeys.properties, ...Object.assign({}, ...settings) }, closed),
  );
}

/** One kind of backend: its driver's own keys, and what holds for all models of any kind. */
export function createBackendSchema({ configSchema }: DriverSchemas[string]): TSchema {
  return Type.Object({ ...configSchema["properties"], ...presetKeys }, closed);
}

/** The keys of a model that are its driver's and not ours. */
export function settingsOf(model: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(model).filter(([key]) => !Object.hasOwn(CommonKeys.properties, key)),
  );
}

export function publicModelId(description: string) {
  return Type.String({ pattern: publicId, expected: `an id of ${publicIdForm}`, description });
}

export function contextTokens(description: string) {
  return Type.Integer({ minimum: 1, maximum: 100_000_000, description });
}
