import { describe, expect, it, vi } from 'vitest'
import { Problem } from '~/api/problem'
import { paying } from './Steps'

const refusal = (status: number) => Promise.reject(new Problem(status, { detail: 'no' }))

describe('a step that is refused', () => {
  it('is about what was typed, as long as the sign-in stands', async () => {
    const lost = vi.fn()
    await expect(paying(refusal(401), lost, () => Promise.resolve({ signed_in: false, step: { owed: 'factor' } }))).rejects.toThrow('no')
    expect(lost).not.toHaveBeenCalled()
  })
  it.each([401, 403, 410])('begins again when the sign-in is no more (%i)', async (status) => {
    const lost = vi.fn()
    await expect(paying(refusal(status), lost, () => Promise.resolve({ signed_in: false }))).rejects.toThrow('no')
    expect(lost).toHaveBeenCalledTimes(1)
  })
  it('asks nobody when the code alone was wrong, or the server is away', async () => {
    const door = vi.fn()
    const lost = vi.fn()
    await expect(paying(refusal(422), lost, door)).rejects.toThrow()
    await expect(paying(Promise.reject(Problem.unreachable()), lost, door)).rejects.toThrow()
    expect(door).not.toHaveBeenCalled()
    expect(lost).not.toHaveBeenCalled()
  })
  it('stays when the door cannot be asked', async () => {
    const lost = vi.fn()
    await expect(paying(refusal(401), lost, () => Promise.reject(Problem.unreachable()))).rejects.toThrow('no')
    expect(lost).not.toHaveBeenCalled()
  })
  it('hands through what was paid', async () => {
    expect(await paying(Promise.resolve(7), () => undefined)).toBe(7)
  })
})
