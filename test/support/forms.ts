import { type Answer, send } from "./wire.ts";

/** A file object of `/v1/files`, as far as tests look at it. */
export interface FileBody {
  id: string;
  bytes: number;
  created_at: number;
  expires_at?: number;
  filename: string;
  purpose: string;
}

export interface Uploaded {
  content: string | Uint8Array<ArrayBuffer>;
  /** Undefined for none. */
  purpose?: string | undefined;
  filename?: string;
  fields?: Readonly<Record<string, string>>;
}

/** A form with a file, as browsers and SDKs write it. */
export function formOf({
  content,
  purpose = "batch",
  filename = "a.jsonl",
  fields = {},
}: Uploaded): FormData {
  const form = new FormData();
  form.append("purpose", purpose);
  form.append("file", new File([content], filename));
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

/** Uploads a file; `url` is the base of the routes, with `/v1`. */
export async function uploadFile(
  url: string,
  uploaded: Uploaded,
  headers: Record<string, string> = {},
): Promise<FileBody> {
  const response = await fetch(`${url}/files`, { method: "POST", body: formOf(uploaded), headers });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return JSON.parse(await response.text());
}

const boundary = "----boundary7MA4YWxk";

/** A part of a form as it is written: `headers` without the last line break. */
export interface RawPart {
  headers: string;
  body: string;
}

/** Posts a form whose parts are exactly these. */
export function postRawForm<Body = unknown>(
  url: string,
  parts: readonly RawPart[],
  end = `--${boundary}--\r\n`,
): Promise<Answer<Body>> {
  const text = parts.map(({ headers, body }) => `--${boundary}\r\n${headers}\r\n\r\n${body}\r\n`).join("");
  return send<Body>(url, {
    method: "POST",
    body: text + end,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  });
}

export function field(name: string, body: string): RawPart {
  return { headers: `Content-Disposition: form-data; name="${name}"`, body };
}

export function filePart(body: string, filename = "a.jsonl", name = "file"): RawPart {
  return {
    headers: `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: text/plain`,
    body,
  };
}
