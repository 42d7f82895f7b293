import { lookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";
import { ServeError } from "../core/error.ts";

export interface Address {
  address: string;
  family: 4 | 6;
}

/** The address of a host. Rejects with a `ServeError` that names `param`. */
export type Resolve = (host: string, param: string) => Promise<Address>;

/** The host's first address, if all that it has are public ones: not this machine, its network or a cloud's own. */
export const resolvePublic: Resolve = async (host, param) => {
  const addresses = await lookup(host.replace(/^\[|\]$/g, ""), { all: true }).catch((cause: unknown) => {
    throw refused("The address's host is not known.", param, cause);
  });
  const [first] = addresses;
  if (first === undefined || !addresses.every(({ address }) => isPublic(address))) {
    throw refused("The address is of a private network or a local one, which are never called.", param);
  }
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
};

/** Whether an address is of the open internet. IPv4 within IPv6 counts as what it stands for. */
export function isPublic(text: string): boolean {
  // The library takes `::a.b.c.d` for `::ffff:a.b.c.d`.
  if (!ipaddr.isValid(text) || /^::\d+\./.test(text)) return false;
  const address = ipaddr.process(text);
  if (!(address instanceof ipaddr.IPv6)) return address.range() === "unicast";
  if (isTranslated(address)) return isPublic(address.toByteArray().slice(12).join("."));
  return address.range() === "unicast" && !isTunnelled(address);
}

/** Under NAT64's well-known prefix, `64:ff9b::/96`, the last four bytes are an IPv4 address. */
function isTranslated({ parts }: ipaddr.IPv6): boolean {
  return parts[0] === 0x64 && parts[1] === 0xff9b && parts.slice(2, 6).every((part) => part === 0);
}

/** Forms that lead to an IPv4 address in them and count as unicast: `::a.b.c.d` and ISATAP's (RFC 5214). */
function isTunnelled({ parts }: ipaddr.IPv6): boolean {
  const isCompatible = parts.slice(0, 6).every((part) => part === 0);
  return isCompatible || (((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe);
}

function refused(message: string, param: string, cause?: unknown): ServeError {
  return new ServeError("invalid_request", message, {
    code: "invalid_value",
    param,
    ...(cause === undefined ? {} : { cause }),
  });
}
