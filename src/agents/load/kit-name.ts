/** Under which agent files find what they need, whether or not it is installed. */
export const kitName = "oai-serve";
