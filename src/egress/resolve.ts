import { lookup as lookupAll } from "node:dns/promises";
import ipaddr from "ipaddr.js";
import { ServeError } from "../core/error.ts";

export interface Address {
  address: string;
  family: 4 | 6;
}

/** All addresses of a host; those of an address are itself. Rejects for a name that nobody knows. */
export type Lookup = (host: string) => Promise<readonly Address[]>;

/** The address of a host, without the brackets of IPv6. Rejects with a `ServeError` that names `param`. */
export type Resolve = (host: string, param: string) => Promise<Address>;

const systemLookup: Lookup = async (host) => {
  const found = await lookupAll(host, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** The host's first address, if all that it has are public ones: not this machine, its network or a cloud's own. */
export function createResolvePublic(lookup: Lookup = systemLookup): Resolve {
  return async (host, param) => {
    const addresses = await lookedUp(host, param, lookup);
    if (addresses.every(({ address }) => isPublic(address))) return addresses[0];
    throw refused("The address is of a private network or a local one, which are never called.", param);
  };
}

/** The host's first address, whatever it is. */
export function createResolveAny(lookup: Lookup = systemLookup): Resolve {
  return async (host, param) => (await lookedUp(host, param, lookup))[0];
}

async function lookedUp(
  host: string,
  param: string,
  lookup: Lookup,
): Promise<readonly [Address, ...Address[]]> {
  const [first, ...others] = await lookup(host.replace(/^\[|\]$/g, "")).catch((cause: unknown) => {
    throw unknown(param, cause);
  });
  if (first === undefined) throw unknown(param);
  return [first, ...others];
}

/** Whether an address is of the open internet. IPv4 within IPv6 counts as what it stands for. */
export function isPublic(text: string): boolean {
  // The library takes `::a.b.c.d` for `::ffff:a.b.c.d`.
  if (!ipaddr.isValid(text) || /^::\d+\./.test(text)) return false;
  const address = ipaddr.process(text);
  if (!(address instanceof ipaddr.IPv6)) {
    return address.range() === "unicast" && address.toString() !== azureHost;
  }
  if (isTranslated(address)) return isPublic(address.toByteArray().slice(12).join("."));
  return address.range() === "unicast" && isAllocated(address) && !isTunnelled(address);
}

/** Under which Azure's machines reach the host that they run on: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16 */
const azureHost = "168.63.129.16";

/** Under NAT64's well-known prefix, `64:ff9b::/96`, the last four bytes are an IPv4 address. */
function isTranslated({ parts }: ipaddr.IPv6): boolean {
  return parts[0] === 0x64 && parts[1] === 0xff9b && parts.slice(2, 6).every((part) => part === 0);
}

/** `2000::/3` is all that has been given out. */
function isAllocated({ parts }: ipaddr.IPv6): boolean {
  return ((parts[0] ?? 0) & 0xe000) === 0x2000;
}

/** ISATAP's addresses lead to an IPv4 address in them and count as unicast (RFC 5214). */
function isTunnelled({ parts }: ipaddr.IPv6): boolean {
  return ((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe;
}

function unknown(param: string, cause?: unknown): ServeError {
  return refused("The address's host is not known.", param, cause);
}

function refused(message: string, param: string, cause?: unknown): ServeError {
  return new ServeError("invalid_request", message, {
    code: "invalid_value",
    param,
    ...(cause === undefined ? {} : { cause }),
  });
}
