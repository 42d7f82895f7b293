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
    throw refused("The address is not a public one.", param);
  }
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
};

/** Whether an address is of the open internet. IPv4 within IPv6 counts as what it stands for. */
export function isPublic(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() === "unicast") return true;
  if (!(address instanceof ipaddr.IPv6)) return false;
  const inner = address.range() === "rfc6052" ? embedded(address) : undefined;
  return inner !== undefined && isPublic(inner);
}

/** The IPv4 address in the last four bytes, as NAT64 writes it. */
function embedded(address: ipaddr.IPv6): string {
  return address.toByteArray().slice(12).join(".");
}

function refused(message: string, param: string, cause?: unknown): ServeError {
  return new ServeError("invalid_request", message, {
    code: "invalid_value",
    param,
    ...(cause === undefined ? {} : { cause }),
  });
}
