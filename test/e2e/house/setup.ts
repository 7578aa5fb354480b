import { House } from './house.ts'

/** One sample workspace for all spec files. Those that harm it start one of their own, which the browser trusts too. */
export default async function setup(): Promise<() => Promise<void>> {
  const house = await House.start()
  process.env['E2E_GUIDE'] = JSON.stringify(house.guide)
  return () => house.remove()
}
