/** The capability that a `ModelInferRequest` asks for ("" for a message without fields), and all of its text. */
export function decodeRequest(body: Buffer): { capability: string; text: string } {
  const message = body.subarray(5);
  // Every serialiser writes field 1, `model_name`, first. The names of capabilities are shorter than 128 bytes.
  const length = message[0] === 0x0a ? (message[1] ?? 0) : 0;
  return {
    capability: message.toString("latin1", 2, 2 + length),
    text: message.toString("latin1", 2 + length),
  };
}
