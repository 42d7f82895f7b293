/** Models know no namespaces of tools: a tool of one bears both names in one. */
export function flatName({
  name,
  namespace,
}: {
  name: string;
  namespace?: string | null | undefined;
}): string {
  if (namespace == null || namespace === "") return name;
  return namespace.endsWith("__") ? namespace + name : `${namespace}__${name}`;
}
