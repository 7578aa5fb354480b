import { House, type Guide } from './house.ts'
import { expect, test as shared, theGuide } from './test.ts'

/** As test, with a workspace for the spec file alone: new enquiries are counted by network, and the shared one has few to spare. */
export const test = shared.extend<object, { guide: Guide }>({
  guide: [
    async ({}, use) => {
      const house = await House.start(theGuide().authority)
      await use(house.guide)
      await house.remove()
    },
    { scope: 'worker' },
  ],
})

export { expect }
