import { connect } from "node:tls";

/** Whether a server answers a TLS handshake, with whatever certificate, within so many milliseconds. */
export function speaksTls(host: string, port: number, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
    const answer = (isTls: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isTls);
    };
    const timer = setTimeout(answer, milliseconds, false);
    socket.once("secureConnect", () => answer(true));
    socket.on("error", () => answer(false));
    socket.once("close", () => answer(false));
  });
}
