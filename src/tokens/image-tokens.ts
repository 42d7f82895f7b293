export interface ImageSize {
  width: number;
  height: number;
}

/** Of the largest image, after it was fitted: four tiles by two. */
export const maxImageTokens = 85 + 170 * 8;

/**
 * Tokens of one image by OpenAI's published formula: 85 in low detail; otherwise the image is
 * fitted into 2,048 pixels, then its shorter side to 768, and every begun tile of 512 pixels costs 170 more. An
 * image of unknown size counts as a square one, 765.
 */
export function countImageTokens(size: ImageSize | undefined, detail: string | undefined): number {
  if (detail === "low") return 85;
  const { width, height } = size ?? { width: 1_024, height: 1_024 };
  if (width <= 0 || height <= 0) return 85;
  const fit = Math.min(1, 2_048 / Math.max(width, height));
  const scale = fit * Math.min(1, 768 / (Math.min(width, height) * fit));
  return 85 + 170 * Math.ceil((width * scale) / 512) * Math.ceil((height * scale) / 512);
}

/** Width and height of a PNG, GIF or JPEG in a `data:` URL, from its first bytes; nothing is fetched. */
export function readImageSize(url: string): ImageSize | undefined {
  if (!url.startsWith("data:")) return undefined;
  const comma = url.indexOf(",", 0);
  if (comma < 0 || comma > 200 || !url.slice(0, comma).endsWith(";base64")) return undefined;
  const bytes = Buffer.from(url.slice(comma + 1, comma + 1 + imageHeaderCharacters), "base64");
  return readPng(bytes) ?? readGif(bytes) ?? readJpeg(bytes);
}

/** What is read of an image, base64 of 48 KiB: what cameras put before a JPEG's size is shorter. */
export const imageHeaderCharacters = 65_536;

function readPng(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 24 || bytes.readUInt32BE(0) !== 0x89504e47) return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function readGif(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 10 || bytes.toString("latin1", 0, 4) !== "GIF8") return undefined;
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
}

/** Walks the segments (ITU T.81 annex B) to the start of a frame. */
function readJpeg(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  let offset = 2;
  while (offset + 9 <= bytes.length && bytes[offset] === 0xff) {
    const marker = bytes[offset + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(offset + 5), width: bytes.readUInt16BE(offset + 7) };
    offset += 2 + bytes.readUInt16BE(offset + 2);
  }
  return undefined;
}
