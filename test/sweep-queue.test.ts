import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SweepRow } from "../src/sweep/sweep-row.ts";
import { windtunnelVersion } from "../src/version.ts";
import { freePort, redisMissing, RedisServer } from "./redis-server.ts";
import { runCli, scratchFolder } from "./run-cli.ts";
import { StartedProcess, until } from "./started-process.ts";

const opensslMissing = spawnSync("openssl", ["version"]).status === 0 ? null : "needs openssl";

const small = ["--input-tokens", "600", "--output-tokens", "40", "--request-count", "300", "--request-rate", "20"];
const grid = ["--vary", "run.num_workers=1,2,3", "--vary", "engine.max_num_seqs=8,64"];

const rowsOf = (folder: string) =>
  readFileSync(join(folder, "results.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as SweepRow);

describe("without a Redis", () => {
  test.each([
    [["--driver", "bullmq"], /--redis: say where Redis is/],
    [["--driver", "bullmq", "--redis", "localhost:6379"], /--redis: expected redis:\/\/\[user/],
    [["--driver", "bullmq", "--redis", "http://user:secret@localhost"], /--redis: expected redis:\/\/\[user/],
    [["--driver", "bullmq", "--redis", "redis://:secret@localhost/runs"], /--redis: expected redis:\/\/\[user/],
    [["--driver", "rabbit"], /--driver: found "rabbit", expected local or bullmq/],
    [["--redis", "redis://localhost"], /--redis: needs --driver bullmq/],
    [["--driver", "bullmq", "--redis", "redis://localhost", "--parallel", "3"], /--parallel: is for runs on this/],
    [["--driver", "bullmq", "--redis", "redis://localhost", "--queue-length", "0"], /--queue-length: found "0"/],
    [["--driver", "bullmq", "--redis", "redis://localhost", "--queue", "a:b"], /--queue: found "a:b"/],
  ])("%j is refused", async (args, message) => {
    const { code, stderr } = await runCli(["sweep", ...small, ...grid, ...args], { cwd: scratchFolder() });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("secret");
    expect(code).toBe(2);
  });

  test("that answers, nothing begins and no password is shown", async () => {
    const cwd = scratchFolder();
    const redis = ["--redis", `redis://user:secret@127.0.0.1:${await freePort()}`];
    const sweep = await runCli(["sweep", ...small, ...grid, "--driver", "bullmq", ...redis, "--out", "o"], { cwd });
    expect(sweep.stderr).toMatch(/^windtunnel: cannot use Redis at 127.0.0.1:\d+: connection refused\n$/);
    expect(sweep.code).toBe(1);
    expect(existsSync(join(cwd, "o"))).toBe(false);
    const worker = await runCli(["worker", ...redis], { cwd });
    expect(worker.stderr).toMatch(/^windtunnel: cannot use Redis at 127.0.0.1:\d+: connection refused\n$/);
    expect(worker.code).toBe(1);
  });

  test("package, the packages to install are named", async () => {
    const cwd = scratchFolder();
    const root = join(import.meta.dirname, "..");
    cpSync(join(root, "dist"), join(cwd, "dist"), { recursive: true });
    writeFileSync(join(cwd, "package.json"), '{"type": "module"}');
    mkdirSync(join(cwd, "node_modules"));
    symlinkSync(join(root, "node_modules/tinypool"), join(cwd, "node_modules/tinypool"));
    const program = join(cwd, "dist/cli/main.js");
    const { code, stderr } = await runCli(["worker", "--redis", "redis://localhost"], { cwd, program });
    expect(stderr).toBe(
      "windtunnel: a queue needs the packages bullmq and ioredis, which are not installed: npm install bullmq ioredis\n",
    );
    expect(code).toBe(1);
  });
});

describe.skipIf(redisMissing !== null)(
  `a queue on a redis-server${redisMissing === null ? "" : ` (${redisMissing})`}`,
  () => {
    let redis: RedisServer;
    const started: StartedProcess[] = [];
    const start = (args: readonly string[], cwd: string, environment?: Record<string, string>) => {
      const process = new StartedProcess(args, cwd, environment);
      started.push(process);
      return process;
    };
    const startWorker = async (queue: string, ...args: string[]) => {
      const common = ["worker", "--redis", redis.url, "--queue", queue, "--parallel", "1", "--stalled-after", "1"];
      const worker = start([...common, ...args], scratchFolder());
      await worker.said(/, 1 run at a time/);
      return worker;
    };
    const queued = (queue: string) => ["--driver", "bullmq", "--redis", redis.url, "--queue", queue];
    const keysOf = (queue: string) => redis.ask((client) => client.keys(`{${queue}}:*`));

    beforeAll(async () => {
      redis = await RedisServer.start();
    });
    afterEach(async () => {
      for (const process of started.splice(0)) if (process.running) await process.end("SIGKILL");
    });
    afterAll(() => redis?.end());

    test("gives the rows of a serial run, full results too, and keeps nothing of a finished sweep but its trace", async () => {
      const cwd = scratchFolder();
      const workers = [await startWorker("rows"), await startWorker("rows")];
      const args = ["sweep", ...small, ...grid, "--keep-results"];
      expect(await runCli([...args, "--parallel", "1", "--out", "serial"], { cwd })).toMatchObject({ code: 0 });
      const queue = await runCli([...args, ...queued("rows"), "--out", "queue"], { cwd });
      expect(queue).toMatchObject({
        code: 0,
        stdout: "6 runs done, 0 failed\nSaved results to: queue (page: queue/index.html)\n",
        stderr: "",
      });
      for (const file of ["results.jsonl", "results.csv"]) {
        expect(readFileSync(join(cwd, "queue", file), "utf8")).toBe(readFileSync(join(cwd, "serial", file), "utf8"));
      }
      expect(readdirSync(join(cwd, "queue"))).toEqual(readdirSync(join(cwd, "serial")));
      expect(readdirSync(join(cwd, "queue/runs"))).toEqual(readdirSync(join(cwd, "serial/runs")));
      for (const { run, figures } of rowsOf(join(cwd, "queue"))) {
        const result = JSON.parse(readFileSync(join(cwd, `queue/runs/${run}.json`), "utf8")) as { digest: string };
        expect(result.digest).toBe(figures!.digest);
      }
      const left = (await keysOf("rows")).map((key) => key.replace(/[0-9a-f]{16,}/, "HASH"));
      expect(
        left.filter((key) => !/:(trace:|worker|runs-[\d.]+:(meta|id|events|stalled-check|marker)$)/.test(key)),
      ).toEqual([]);
      for (const worker of workers) {
        expect(await worker.end("SIGTERM")).toBe(0);
        expect(worker.stderr).toMatch(/finishing the runs under way.*\n.*: \d runs? done, 0 failed\n$/);
      }
      expect(await keysOf("rows")).not.toContainEqual(expect.stringContaining(":worker"));
    });

    test("holds no more than --queue-length runs, and none after Ctrl-C", async () => {
      const cwd = scratchFolder();
      const args = ["sweep", ...small, "--vary", "run.seed=1:50:1", ...queued("full"), "--queue-length", "5"];
      const sweep = start([...args, "--out", "o"], cwd);
      const waiting = () => redis.ask((client) => client.llen(`{full}:runs-${windtunnelVersion}:wait`));
      await until(async () => (await waiting()) === 5, "five runs in the queue");
      await sweep.said(/no worker of version .* is there yet; start some: windtunnel worker --redis URL/);
      expect(await waiting()).toBe(5);
      expect(await sweep.end("SIGINT")).toBe(130);
      expect(sweep.stderr).toMatch(/interrupted; 0 of 50 runs are in o/);
      expect(await waiting()).toBe(0);
      await startWorker("full");
      const again = await runCli([...args, "--out", "o"], { cwd });
      expect(again.stdout).toContain("50 runs done, 0 failed");
    });

    test("keeps sweeps apart, of one queue and of several", async () => {
      const cwd = scratchFolder();
      await startWorker("apart");
      const sweep = (out: string, seqs: string, queue: string) =>
        runCli(["sweep", ...small, "--vary", `engine.max_num_seqs=${seqs}`, ...queued(queue), "--out", out], { cwd });
      const lonely = start(
        ["sweep", ...small, "--vary", "engine.max_num_seqs=8", ...queued("elsewhere"), "--out", "lonely"],
        cwd,
      );
      const [first, second] = await Promise.all([sweep("a", "8:24:2", "apart"), sweep("b", "8:24:2", "apart")]);
      expect([first.code, second.code]).toEqual([0, 0]);
      expect(readFileSync(join(cwd, "a/results.jsonl"), "utf8")).toBe(
        readFileSync(join(cwd, "b/results.jsonl"), "utf8"),
      );
      expect(rowsOf(join(cwd, "a"))).toHaveLength(9);
      expect(lonely.running).toBe(true);
      expect(readFileSync(join(cwd, "lonely/results.jsonl"), "utf8")).toBe("");
      await startWorker("elsewhere");
      expect(await lonely.ended).toBe(0);
    });

    test("a worker refuses runs of another version, policy modules it was not allowed, and what is no run", async () => {
      const cwd = scratchFolder();
      writeFileSync(
        join(cwd, "policy.mjs"),
        `import { writeFileSync } from "node:fs";
       writeFileSync(${JSON.stringify(join(cwd, "loaded"))}, "");
       export default { firstTickSeconds: () => 10, onTick: () => ({ replicas: {}, nextTickSeconds: 1e9 }) };`,
      );
      const strict = await startWorker("strict");
      const args = ["sweep", ...small, "--vary", "run.num_workers=1", "--policy", join(cwd, "policy.mjs")];
      // The sweep itself checks its values before it begins, which loads the module: with the rights of its user.
      const refused = await runCli([...args, ...queued("strict"), "--out", "refused"], { cwd });
      expect(refused.stdout).toMatch(
        /failed: run 0 .*: this worker runs no code that a run names \(policy .*policy.mjs\); start workers with --allow-policies/,
      );
      expect(refused.code).toBe(1);
      await strict.end("SIGTERM");
      expect(strict.stderr).toMatch(
        /refused a run: this worker runs no code .*\n(.*\n)?windtunnel: 0 runs done, 0 failed, 1 refused\n$/,
      );

      const queue = new Queue(`runs-${windtunnelVersion}`, { connection: { port: redis.port }, prefix: "{strict}" });
      const task = { run: "r", point: { index: 0, values: {}, repeat: 0 }, options: {} };
      const trace = { digest: "0".repeat(64), name: "", notes: [] };
      const job = { task, trace, policyDigest: null, files: {}, keepResult: false };
      await queue.add("run", { version: "99.0.0", ...job }, { jobId: "other-version" });
      const options = { extraEngineArgs: { planner_profile_data: "grid.csv" } };
      const named = { ...job, task: { ...task, options }, files: { "grid.csv": "0".repeat(64) } };
      await queue.add("run", { version: windtunnelVersion, ...named }, { jobId: "other-file" });
      await queue.add("run", { code: "process.exit()" }, { jobId: "no-run" });
      await startWorker("strict");
      const reasonOf = async (id: string) => {
        await until(async () => (await queue.getJobState(id)) === "failed", `${id} refused`);
        return (await queue.getJob(id))!.failedReason;
      };
      expect(await reasonOf("other-version")).toBe(
        `this worker has version ${windtunnelVersion} and refuses runs of version 99.0.0`,
      );
      expect(await reasonOf("other-file")).toBe("the file grid.csv of this worker is not the one of the sweep");
      expect(await reasonOf("no-run")).toBe("not a run of windtunnel");
      await queue.close();

      await startWorker("lenient", "--allow-policies");
      const allowed = await runCli([...args, ...queued("lenient"), "--out", "allowed"], { cwd });
      expect(allowed.stdout).toContain("1 run done, 0 failed");
    });

    test("a run that fails is listed with its reason, as in a serial sweep, and tried again", async () => {
      const cwd = scratchFolder();
      await startWorker("failing");
      const planner = { mode: "agg", optimization_target: "throughput" };
      const load = ["--vary", "planner.load_adjustment_interval_seconds=10,15"];
      const base = ["--vary", "planner.scheduling.scale_interval_seconds=5,10"];
      const args = ["sweep", ...small, "--planner-config", JSON.stringify(planner), ...load, ...base, "--out"];
      const failed = await runCli([...args, "o", ...queued("failing")], { cwd });
      expect(failed.stdout).toMatch(
        /^failed: run 3 .*scale_interval_seconds: found 10, expected a divisor of .*\n3 runs done, 1 failed/,
      );
      expect(failed.code).toBe(1);
      const serial = await runCli([...args, "serial"], { cwd });
      expect(serial.code).toBe(1);
      expect(readFileSync(join(cwd, "o/results.jsonl"), "utf8")).toBe(
        readFileSync(join(cwd, "serial/results.jsonl"), "utf8"),
      );
      const again = await runCli([...args, "o", ...queued("failing")], { cwd });
      expect(again.stdout).toContain("3 runs done, 3 of them from before, 1 failed");
    });

    test("a trace goes through a folder or a web server instead, and a damaged one is replaced", async () => {
      const cwd = scratchFolder();
      const files = new Map<string, Buffer>();
      const web = createServer(async (request, response) => {
        const parts: Buffer[] = [];
        for await (const part of request) parts.push(part as Buffer);
        if (request.method === "PUT") files.set(request.url!, Buffer.concat(parts));
        const found = files.get(request.url!);
        response.writeHead(found === undefined ? 404 : 200);
        response.end(request.method === "GET" ? found : undefined);
      });
      const port = await freePort();
      await new Promise<void>((resolve) => web.listen(port, "127.0.0.1", resolve));
      try {
        for (const [queue, store] of [
          ["folder", join(cwd, "traces")],
          ["web", `http://127.0.0.1:${port}/traces/`],
        ] as const) {
          await startWorker(queue, "--trace-store", store);
          const args = ["sweep", ...small, ...grid, ...queued(queue), "--trace-store", store, "--out", queue];
          expect(await runCli(args, { cwd })).toMatchObject({ code: 0 });
          expect((await keysOf(queue)).filter((key) => key.includes(":trace:"))).toEqual([]);
        }
      } finally {
        web.close();
      }
      expect([...files.keys()]).toEqual([expect.stringMatching(/^\/traces\/[0-9a-f]{64}\.trace$/)]);
      const [name] = readdirSync(join(cwd, "traces"));
      expect(readFileSync(join(cwd, "traces", name!))).toEqual([...files.values()][0]);

      // A worker that has no trace yet meets one that somebody changed, and gets a whole one in its stead.
      const path = join(cwd, "traces", name!);
      const whole = readFileSync(path);
      const bytes = Buffer.from(whole);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(path, bytes);
      await startWorker("damaged", "--trace-store", join(cwd, "traces"));
      const args = ["sweep", ...small, ...grid, ...queued("damaged"), "--trace-store", join(cwd, "traces")];
      expect(await runCli([...args, "--out", "damaged"], { cwd })).toMatchObject({ code: 0 });
      expect(readFileSync(path)).toEqual(whole);
      for (const out of ["web", "damaged"]) expect(rowsOf(join(cwd, out))).toEqual(rowsOf(join(cwd, "folder")));
    });

    test.skipIf(opensslMissing !== null)(
      `takes user, password and TLS from the address${opensslMissing === null ? "" : ` (${opensslMissing})`}`,
      async () => {
        const cwd = scratchFolder();
        const [key, cert] = [join(cwd, "key.pem"), join(cwd, "cert.pem")];
        const request = "-newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
        spawnSync("openssl", ["req", "-x509", ...request.split(" "), "-keyout", key, "-out", cert]);
        const tlsPort = await freePort();
        const files = `--tls-cert-file ${cert} --tls-key-file ${key} --tls-ca-cert-file ${cert}`;
        const tls = `--tls-port ${tlsPort} --tls-auth-clients no ${files}`;
        const users = "--user lab on >s3cret/+ ~* &* +@all --user default off";
        const guarded = await RedisServer.start(...tls.split(" "), ...users.split(" "));
        try {
          const args = ["sweep", ...small, "--vary", "run.num_workers=1,2", "--driver", "bullmq", "--out", "o"];
          const url = (password: string) => `rediss://lab:${encodeURIComponent(password)}@localhost:${tlsPort}`;
          const trusting = { NODE_EXTRA_CA_CERTS: cert };
          const unknown = await runCli([...args, "--redis", url("s3cret/+")], { cwd });
          expect(unknown.stderr).toMatch(
            /cannot use Redis at localhost:\d+: its certificate is signed by nobody trusted/,
          );
          const wrong = start([...args, "--redis", url("guess")], cwd, trusting);
          expect(await wrong.ended).toBe(1);
          expect(wrong.stderr).toMatch(/cannot use Redis at localhost:\d+: WRONGPASS/);
          expect(wrong.stderr).not.toContain("guess");
          const plain = start([...args, "--redis", `redis://localhost:${tlsPort}`], cwd, trusting);
          expect(await plain.ended).toBe(1);
          expect(plain.stderr).toMatch(/cannot use Redis at localhost:\d+: /);

          const secret = { ...trusting, WINDTUNNEL_REDIS: url("s3cret/+") };
          const worker = start(["worker", "--parallel", "1"], cwd, secret);
          await worker.said(/, 1 run at a time/);
          const sweep = start(args, cwd, secret);
          expect(await sweep.ended, sweep.stderr).toBe(0);
          expect(rowsOf(join(cwd, "o"))).toHaveLength(2);
          expect(worker.stderr + sweep.stderr).not.toContain("s3cret");
        } finally {
          await guarded.end();
        }
      },
    );

    test("a database that Redis does not have is told", async () => {
      const args = ["sweep", ...small, ...grid, "--driver", "bullmq", "--redis", `${redis.url}/99`];
      const { code, stderr } = await runCli(args, { cwd: scratchFolder() });
      expect(stderr).toMatch(/^windtunnel: cannot use Redis at 127.0.0.1:\d+: ERR .*DB index/);
      expect(code).toBe(1);
    });

    test("goes on when Redis comes back with nothing in it", async () => {
      const cwd = scratchFolder();
      const worker = await startWorker("flushed");
      const sweep = start(["sweep", ...small, "--vary", "run.seed=1:40:1", ...queued("flushed"), "--out", "o"], cwd);
      await until(() => existsSync(join(cwd, "o/results.jsonl")) && rowsOf(join(cwd, "o")).length > 2, "rows");
      await redis.ask((client) => client.flushall());
      expect(await sweep.ended).toBe(0);
      expect(rowsOf(join(cwd, "o")).map(({ index, error }) => [index, error])).toEqual(
        Array.from({ length: 40 }, (_, index) => [index, null]),
      );
      expect(worker.running).toBe(true);
    });
  },
);
