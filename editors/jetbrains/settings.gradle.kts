rootProject.name = "eke-jetbrains"
