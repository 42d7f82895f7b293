/** Bytes. */
export interface Sizes {
  raw: number;
  gzip: number;
  zstd: number;
}

/** How large an executable is, and packed as for a download: gzip at its usual level, zstd at 19 unless in haste. */
export async function measureSizes(executable: string, isQuick: boolean): Promise<Sizes> {
  const bytes = await Bun.file(executable).bytes();
  const zstd = await Bun.zstdCompress(bytes, { level: isQuick ? 1 : 19 });
  return {
    raw: bytes.length,
    gzip: Bun.gzipSync(bytes, { level: isQuick ? 1 : 6 }).length,
    zstd: zstd.length,
  };
}
