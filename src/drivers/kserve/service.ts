const service = "/inference.GRPCInferenceService";

/** Paths of the rpcs of KServe v2, those that only some servers have among them. */
export const rpcPath = {
  serverReady: `${service}/ServerReady`,
  serverMetadata: `${service}/ServerMetadata`,
  modelReady: `${service}/ModelReady`,
  modelMetadata: `${service}/ModelMetadata`,
  modelConfig: `${service}/ModelConfig`,
  repositoryIndex: `${service}/RepositoryIndex`,
  infer: `${service}/ModelInfer`,
  streamInfer: `${service}/ModelStreamInfer`,
} as const;
