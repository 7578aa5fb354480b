import { describe, expect, it } from 'vitest'
import { takeToken } from './token'

const token = 'abcDEF0123456789_-abcDEF0123456789_-abcdefg'

describe('the token of a mailed link', () => {
  function take(hash: string) {
    const seen: unknown[] = []
    return {
      got: takeToken(
        { hash, pathname: '/reset', search: '?x=1' },
        {
          replaceState: (...a) => {
            seen.push(a[2])
          },
        },
      ),
      seen,
    }
  }
  it('is read, and leaves the address bar', () => {
    expect(token).toHaveLength(43)
    expect(take(`#token=${token}`)).toEqual({ got: token, seen: ['/reset?x=1'] })
  })
  it('is read behind what a mail program left', () => {
    expect(take(`#token=${token}.`).got).toBe(token)
    expect(take(`#token=${token}>`).got).toBe(token)
  })
  it('is empty where there is none, and odd fragments leave the bar too', () => {
    expect(take('')).toEqual({ got: '', seen: [] })
    for (const odd of ['#token=', '#token=short', '#x', '#token=%00', '#token=<script>'])
      expect(take(odd)).toEqual({ got: '', seen: ['/reset?x=1'] })
  })
})
