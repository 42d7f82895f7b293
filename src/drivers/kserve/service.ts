const service = "/inference.GRPCInferenceService";

/** Paths of the rpcs of KServe v2. */
export const rpcPath = {
  serverReady: `${service}/ServerReady`,
  infer: `${service}/ModelInfer`,
  streamInfer: `${service}/ModelStreamInfer`,
} as const;

/** A message without fields. */
export const emptyMessage = new Uint8Array();
