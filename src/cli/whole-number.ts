import { ConfigError } from "../config/config-error.ts";

/** The whole number behind a flag. @throws ConfigError */
export function whole(text: string, flag: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new ConfigError([{ where: flag, message: `found "${text}", expected a whole number ${range}` }]);
}
