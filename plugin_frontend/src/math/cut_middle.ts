/** A name of at most `most` characters: what tells names apart mostly stands at their end. */
export function cutMiddle(name: string, most: number): string {
  const characters = Array.from(name);
  if (characters.length <= most) return name;
  const tail = Math.ceil((most - 1) * 0.7);
  return `${characters.slice(0, most - 1 - tail).join("")}…${characters.slice(-tail).join("")}`;
}
