import { afterEach, expect, it } from 'vitest'
import { noteOutage, onOutage, outage, reopened } from './outage'

afterEach(reopened)

const read = new Request('https://acme.example/api/v1/enquiries')
const answer = (status: number, type: string) => new Response(JSON.stringify({ type, detail: 'The keys of this workspace were withdrawn.' }), { status })

it('tells the sentence of a closed workspace until it was read again', async () => {
  let told = 0
  const stop = onOutage(() => { told++ })
  await noteOutage(read, answer(503, '/problems/unavailable'))
  await noteOutage(read, answer(503, '/problems/unavailable'))
  expect(outage()).toBe('The keys of this workspace were withdrawn.')
  await noteOutage(read, new Response('{}'))
  expect(outage(), 'one page that can be read is not the workspace').toBeDefined()
  reopened()
  expect(outage()).toBeUndefined()
  expect(told).toBe(2)
  stop()
})

it('leaves other failures to the page that had them', async () => {
  await noteOutage(read, answer(500, '/problems/internal'))
  await noteOutage(read, new Response('<h1>Bad gateway</h1>', { status: 503 }))
  await noteOutage(new Request(read, { method: 'POST', body: '{}' }), answer(503, '/problems/unavailable'))
  expect(outage()).toBeUndefined()
})
