// The world outside of an installation: a name server and a web server of the test's own, on this machine.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const A = 1;
const TXT = 16;

/** What there is in the world of a test: nothing at first. */
export class Outside {
  /** Texts by the name of their record. */
  readonly texts = new Map<string, string[]>();
  /** Files by their address without the port, as in `http://acme.example/.well-known/redoubt`. */
  readonly files = new Map<string, string>();

  private constructor(private readonly dnsPort: number, private readonly httpPort: number) {}

  /** Starts both servers; they end with the process. */
  static async start(): Promise<Outside> {
    const dns = createSocket("udp4");
    dns.bind(0, "127.0.0.1");
    await once(dns, "listening");
    const web = createServer((request, response) => {
      const host = (request.headers.host ?? "").split(":")[0];
      const file = outside.files.get(`http://${host}${request.url}`);
      response.writeHead(file === undefined ? 404 : 200, { connection: "close" }).end(file);
    });
    web.listen(0, "127.0.0.1");
    await once(web, "listening");
    dns.unref();
    web.unref();
    const outside = new Outside(dns.address().port, (web.address() as AddressInfo).port);
    dns.on("message", (question, from) => dns.send(outside.answer(question), from.port, from.address));
    return outside;
  }

  /** What an installation is to be told of it. */
  get settings(): Record<string, string> {
    return {
      REDOUBT_DOMAINS__RESOLVER: `127.0.0.1:${this.dnsPort}`,
      REDOUBT_OUTBOUND__PRIVATE_RANGES: "127.0.0.0/8",
      REDOUBT_OUTBOUND__PORTS: String(this.httpPort),
    };
  }

  /** Answers a question (RFC 1035, section 4): every name is on this machine, and has the texts that were published. */
  private answer(message: Buffer): Buffer {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at]!; length > 0; length = message[at]!) {
      labels.push(message.toString("latin1", at + 1, at + 1 + length).toLowerCase());
      at += length + 1;
    }
    const kind = message.readUInt16BE(at + 1);
    const question = message.subarray(12, at + 5);
    const texts = this.texts.get(labels.join(".")) ?? [];
    const data = kind === A ? [Buffer.from([127, 0, 0, 1])] : kind === TXT ? texts.map(strings) : [];
    const head = Buffer.from([message[0]!, message[1]!, 0x81, 0x80, 0, 1, 0, data.length, 0, 0, 0, 0]);
    const records = data.map((bytes) => {
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(kind, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt16BE(bytes.length, 10);
      return Buffer.concat([record, bytes]);
    });
    return Buffer.concat([head, question, ...records]);
  }
}

/** A text as a record holds it: in strings, each with its length before it. */
function strings(text: string): Buffer {
  const middle = Math.ceil(text.length / 2);
  const parts = [text.slice(0, middle), text.slice(middle)].map((part) => Buffer.from(part, "latin1"));
  return Buffer.concat(parts.flatMap((part) => [Buffer.from([part.length]), part]));
}
