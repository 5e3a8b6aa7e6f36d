import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** Why tests with a real Redis cannot run here; null when they can. */
export const redisMissing =
  spawnSync("redis-server", ["--version"]).status === 0 ? null : "needs redis-server: apt-get install redis-server";

/** A Redis of the test's own, in a folder of its own, that keeps what it is told in an append-only file. */
export class RedisServer {
  readonly port: number;
  readonly folder: string;
  private readonly settings: readonly string[];
  private process: ChildProcess | null = null;

  private constructor(port: number, settings: readonly string[]) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), "windtunnel-redis-"));
    this.settings = settings;
  }

  /** @param settings further settings of redis-server */
  static async start(...settings: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Begins, again with the data of before when it ran before. */
  async begin(): Promise<void> {
    const standard = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"];
    this.process = spawn("redis-server", [...standard, "--appendfsync", "always", ...this.settings], {
      cwd: this.folder,
      stdio: "pipe",
    });
    let said = "";
    for await (const text of this.process.stdout!.setEncoding("utf8") as AsyncIterable<string>) {
      said += text;
      if (/Ready to accept connections/.test(said)) break;
    }
    if (!/Ready to accept connections/.test(said)) throw new Error(`redis-server did not start: ${said}`);
  }

  /** Lets it answer nothing any more, connections left open. */
  freeze(): void {
    this.process?.kill("SIGSTOP");
  }

  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { process } = this;
    if (process === null) return;
    this.process = null;
    const ended = new Promise((resolve) => process.on("close", resolve));
    process.kill(signal);
    await ended;
  }

  /** A client for one look at what is in it. */
  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.port, "127.0.0.1");
    try {
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}

/** A port nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
