const logo = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const empty = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

/** Redoc's bundle with an empty picture where it would fetch its logo from another host. Throws if there is none. */
export function withoutLogo(bundle: string): string {
  if (!bundle.includes(logo)) throw new Error("This version of Redoc gets its logo from elsewhere.");
  return bundle.replaceAll(logo, empty);
}
