import { Centrifuge } from 'centrifuge'
import { Broken, Refused, type Told, type Wire, type WireEars } from './wire'

const sessionEnded = 4501
const catchUp = 4502

/**
 * The real wire: a WebSocket to this host. The session's cookie and the exact Origin are what lets it in. Where it is not let in
 * signedIn is asked, since it may have left with the cookie of before a step-up; one that stood is told of its own session's end.
 */
export function socket(signedIn: () => Promise<boolean | undefined>): Wire {
  const address = `wss://${location.host}/api/v1/live`
  const client = new Centrifuge(address, { minReconnectDelay: 250, maxReconnectDelay: 10_000, timeout: 8_000 })
  let stopped = false
  let again: number | undefined

  function listen(ears: WireEars): void {
    let stood = false
    client.on('connected', () => { stood = true; ears.state('live') })
    client.on('connecting', ({ code }) => { stood = false; ears.state(code === 0 ? 'connecting' : 'broken') })
    client.on('publication', ({ data }) => { ears.told(data as Told) })
    client.on('message', ({ data }) => { ears.told(data as Told) }) // to this one socket: hints, and rooms that are gone
    client.on('disconnected', ({ code }) => {
      if (stopped) return
      if (code === sessionEnded && stood) {
        ears.state('ended')
        return
      }
      if (code === sessionEnded) {
        void signedIn().then((known) => {
          if (stopped) return
          if (known === false) ears.state('ended')
          else comeBack(ears, code)
        })
        return
      }
      comeBack(ears, code)
    })
    client.on('error', () => undefined) // told by the states above
  }

  function comeBack(ears: WireEars, code: number): void {
    // Codes from 4500 end the client's own attempts. We were too slow, or the server had another reason: come back
    // after a moment that differs a little from client to client, and catch up.
    ears.state('broken')
    again = window.setTimeout(() => { client.connect() }, (code === catchUp ? 200 : 3_000) * (1 + Math.random()))
  }

  return {
    start(ears) {
      listen(ears)
      client.connect()
    },
    stop() {
      stopped = true
      window.clearTimeout(again)
      client.disconnect()
      client.removeAllListeners()
    },
    async ask(method, data) {
      try {
        return (await client.rpc(method, data)).data as unknown
      } catch (error) {
        throw asWireError(error)
      }
    },
  }
}

/** The library numbers its own troubles below 100; what comes from the server starts there. */
function asWireError(error: unknown): Error {
  const { code, message } = error as { code?: number; message?: string }
  return typeof code === 'number' && code >= 100 ? new Refused(code, message ?? '') : new Broken()
}
