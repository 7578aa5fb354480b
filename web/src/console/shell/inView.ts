import { type RefObject, useEffect } from 'react'

/** Keeps what is chosen in a row of links in the middle of what one sees, also when the row or its letters change their width. */
export function useChosenInView(row: RefObject<HTMLElement | null>, chosen: string | undefined): void {
  useEffect(() => {
    const box = row.current
    if (!box) return undefined
    const show = () => {
      const link = box.querySelector<HTMLElement>('[data-here]')?.getBoundingClientRect()
      const all = box.getBoundingClientRect()
      if (link) box.scrollBy({ left: link.left + link.width / 2 - all.left - all.width / 2 })
    }
    const grows = new ResizeObserver(show) // tells the first size too
    for (const part of [box, ...box.querySelectorAll('ul')]) grows.observe(part)
    return () => { grows.disconnect() }
  }, [row, chosen])
}
