import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A member of the sample staff, with a password that opens sample data only. */
export interface Person {
  name: string
  role: string
  email: string
  password: string
}

/** What `parlatory demo --json` prints. */
export interface Guide {
  sign_up: string
  workspace: string
  shop: string
  mail: string
  authority: string
  spki_pin: string
  people: Person[]
}

const startWithin = 30_000
const stopWithin = 10_000

/** A running `parlatory demo` with a data folder of its own. */
export class House {
  readonly data: string
  readonly port: number
  guide!: Guide
  private process: ChildProcess | undefined

  private constructor(data: string, port: number) {
    this.data = data
    this.port = port
  }

  /** Starts one. With the authority of another, the browser that trusts that one trusts this one too. */
  static async start(authority?: string): Promise<House> {
    const house = new House(await mkdtemp(join(tmpdir(), 'parlatory-e2e-')), await freePort())
    if (authority) await cp(join(authority, '..'), join(house.data, 'authority'), { recursive: true })
    await house.up()
    return house
  }

  /** Starts the program, again on the same data and port after a stop. */
  async up(): Promise<void> {
    const binary = process.env['PARLATORY_BINARY']
    if (!binary) throw new Error('PARLATORY_BINARY must name the built binary: run `make test-e2e`')
    const args = ['demo', '--data', this.data, '--listen', `127.0.0.1:${String(this.port)}`, '--seed', '7', '--json']
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process = child
    let said = ''
    child.stderr.on('data', (b: Buffer) => { said = (said + b.toString()).slice(-4_000) })
    const line = await new Promise<string>((done, failed) => {
      const late = setTimeout(() => { failed(new Error(`parlatory demo printed no guide. ${said}`)) }, startWithin)
      createInterface({ input: child.stdout }).once('line', (text) => { clearTimeout(late); done(text) })
      child.once('exit', (code) => { clearTimeout(late); failed(new Error(`parlatory demo ended with ${String(code)}. ${said}`)) })
      child.once('error', (cause) => { clearTimeout(late); failed(cause) })
    })
    this.guide = JSON.parse(line) as Guide
  }

  /** Ends the program as Ctrl-C does, or as a lost machine does. */
  async down(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const child = this.process
    this.process = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((done) => {
      const late = setTimeout(() => child.kill('SIGKILL'), stopWithin)
      child.once('exit', () => { clearTimeout(late); done() })
      child.kill(signal)
    })
  }

  async remove(): Promise<void> {
    await this.down()
    await rm(this.data, { recursive: true, force: true })
  }
}

export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer().once('error', failed)
    probe.listen(0, '127.0.0.1', () => {
      const at = probe.address()
      probe.close(() => { done(typeof at === 'object' && at ? at.port : 0) })
    })
  })
}
