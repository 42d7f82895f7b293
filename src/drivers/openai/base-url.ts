import { ConfigError } from "../../core/error.ts";

/**
 * A base URL without a slash at its end. One without a path gets `/v1`, under which nearly every server has the API.
 * `path` is where it stands. Throws `ConfigError`, which does not quote it: it might hold credentials.
 */
export function parseBaseUrl(text: string, path: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ConfigError(`${path} must be an address such as "https://api.example.com/v1".`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ConfigError(`${path} must not hold a user name or a password: a key comes by api_key_env.`);
  }
  if (url.search !== "" || url.hash !== "") {
    throw new ConfigError(`${path} must not have a query or a fragment.`);
  }
  const folder = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${folder === "" ? "/v1" : folder}`;
}
