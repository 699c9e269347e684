/** The project that audit and export look at by default. */
import { shallowRef } from "vue";
export const currentProject = shallowRef("");
