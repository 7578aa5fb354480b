module parlatory

go 1.26.0
