/** The host and the port of `host:port`, `[::1]:port`, a bare host or a bare address. */
export function splitAuthority(authority: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(authority) ?? [];
  return { host: bracketed ?? bare ?? authority, port: port === undefined ? undefined : Number(port) };
}
