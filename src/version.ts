/** Version of this package; the same as in package.json. */
export const windtunnelVersion = "0.1.0";
