import { useCallback, useEffect, useState } from 'react'

export type Opened<T> = { state: 'waiting' } | { state: 'here'; data: T } | { state: 'refused'; error: unknown }

/** Asks once when the page opens, and again on request. Without a question, nothing is asked and it goes on waiting. */
export function useOpened<T>(ask: (() => Promise<T>) | null): [Opened<T>, () => void] {
  const [opened, setOpened] = useState<Opened<T>>({ state: 'waiting' })
  const [round, setRound] = useState(0)
  useEffect(() => {
    if (!ask) return undefined
    let here = true
    ask().then(
      (data) => { if (here) setOpened({ state: 'here', data }) },
      (error: unknown) => { if (here) setOpened({ state: 'refused', error }) },
    )
    return () => { here = false }
  }, [ask, round])
  const again = useCallback(() => {
    setOpened({ state: 'waiting' })
    setRound((n) => n + 1)
  }, [])
  return [opened, again]
}
