import { useMemo } from 'react'
import { encode } from 'uqr'
import styles from './proof.module.css'

/** A QR code as one path. It is drawn in the page: the secret in it goes to no image, no address and no other server. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawn(text), [text])
  return (
    <svg className={styles.qr} role="img" aria-label={label} viewBox={`0 0 ${String(size)} ${String(size)}`} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

/** With the quiet zone of four modules that ISO/IEC 18004 asks for. */
export function drawn(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  let path = ''
  data.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      const from = x
      while (row[x + 1]) x++
      path += `M${String(from)} ${String(y)}h${String(x - from + 1)}v1H${String(from)}z`
    }
  })
  return { size, path }
}
